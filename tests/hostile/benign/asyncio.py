import asyncio, json


async def child(number):
    process = await asyncio.create_subprocess_exec("/bin/echo", str(number), stdout=asyncio.subprocess.PIPE)
    return int((await process.communicate())[0])


async def main():
    return sum(await asyncio.gather(*(child(number) for number in range(8))))


json.dump({"sum": asyncio.run(main())}, open("/workspace/artifacts/result.json", "w"))
