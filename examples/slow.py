# SPDX-License-Identifier: Apache-2.0
import time

print("this takes longer than a minute", flush=True)
time.sleep(90)
