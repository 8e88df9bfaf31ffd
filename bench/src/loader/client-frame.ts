const key = [0x5a, 0xc3, 0x17, 0xe8] as const

/** A masked WebSocket frame. The key is fixed: unmasking costs the server the same, making the frame costs less here. */
export function clientFrame(text: string, opcode = 1): Buffer {
  const length = Buffer.byteLength(text)
  const head = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(head + 4 + length)
  frame[0] = 0x80 | opcode
  if (head === 2) frame[1] = 0x80 | length
  else if (head === 4) {
    frame[1] = 0x80 | 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = 0x80 | 127
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
  for (let index = 0; index < 4; index++) frame[head + index] = key[index] as number
  frame.write(text, head + 4)
  for (let index = 0; index < length; index++)
    frame[head + 4 + index] = (frame[head + 4 + index] as number) ^ (key[index & 3] as number)
  return frame
}
