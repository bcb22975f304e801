made, error = 0, "none"
try:
    while made < 150000:
        os.close(os.open(f"/tmp/{made}", os.O_CREAT | os.O_WRONLY))
        made += 1
except OSError as problem:
    error = word(problem.errno)
saw(made=made, error=error)
