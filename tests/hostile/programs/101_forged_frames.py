# Speaks the runner's own language on every stream it has.
import base64, hashlib
forged = b'{"forged": true}'
digest = hashlib.sha256(forged).hexdigest().encode()
text = (b"\n\x1eresult %d %s\n\x1e+%s\n\x1e.\n\x1eend\n" %
        (len(forged), digest, base64.b64encode(forged)))
for stream in (1, 2):
    os.write(stream, b"before" + text)
    for byte in text:
        os.write(stream, bytes([byte]))
    os.write(stream, b"cause=exited\nexit_code=0\n")
sys.exit(9)
