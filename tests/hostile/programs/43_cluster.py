saw(variables=sorted(name for name in os.environ if name.startswith("KUBERNETES")),
    token=opened("/var/run/secrets/kubernetes.io/serviceaccount/token"))
