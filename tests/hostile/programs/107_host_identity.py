saw(**{path.rsplit("/", 1)[1]: opened(path) for path in ARGS}, uid=os.getuid())
