// Buffers without end, each one touched.
const held = [];
while (held.length < 96) held.push(Buffer.alloc(16 << 20, 1));
setTimeout(() => console.log(JSON.stringify({saw: {reached: held.length * 16}})), 2000);
