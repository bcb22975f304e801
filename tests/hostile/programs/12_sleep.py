saw(ready=True)
time.sleep(float(ARGS[0]))
saw(ready=True, reached_the_end=True)
