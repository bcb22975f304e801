# As deep as it goes; names of 255 bytes.
made, error = 0, "none"
os.chdir("/workspace/artifacts")
try:
    while made < 100000:
        os.mkdir("d" * 255)
        os.chdir("d" * 255)
        made += 1
except OSError as problem:
    error = word(problem.errno)
saw(is_deep=made >= 1000, made=made, error=error)
os.chdir("/tmp")
