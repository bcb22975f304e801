TEXTS = {
    "plain": b'{"a": 1.50, "b": [true, null]}', "nul": b'{"a": "x\0y"}', "escaped_nul": b'{"a": "\\u0000"}',
    "bad_utf8": b'{"a": "\xff\xfe"}', "surrogate": b'{"a": "\\ud800"}', "duplicate": b'{"a": 1, "a": 2}',
    "huge_number": b'{"a": 1e400}', "long_number": b'{"a": 12345678901234567890123.4500}',
    "empty": b"", "trailing": b'{"a": 1} x', "nan": b'{"a": NaN}', "comment": b'{"a": 1 /* x */}',
    "deep": b"[" * 65 + b"]" * 65, "deep_enough": b"[" * 64 + b"]" * 64, "bom": b'\xef\xbb\xbf{"a": 1}',
    "truncated": b'{"a": [1, 2', "scalar": b"42"}
open("/workspace/artifacts/result.json", "wb").write(TEXTS[ARGS[0]])
