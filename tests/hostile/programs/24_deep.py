# As deep as it goes in 8 s; names of 255 bytes. (Landlock walks up the whole path at each step.)
made, error, end = 0, "none", time.monotonic() + 8
os.chdir("/workspace/artifacts")
try:
    while made < 100000 and time.monotonic() < end:
        os.mkdir("d" * 255)
        os.chdir("d" * 255)
        made += 1
except OSError as problem:
    error = word(problem.errno)
saw(is_deep=made >= 1000, made=made, error=error)
os.chdir("/tmp")
