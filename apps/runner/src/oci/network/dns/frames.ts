/** Messages over TCP have their length in front (RFC 1035, 4.2.2). */
export const frame = (message: Buffer): Buffer => {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(message.length);
  return Buffer.concat([head, message]);
};

/** A listener for `data`; holds at most one message that is not whole yet, which is 64 KiB. */
export const frames = (onMessage: (message: Buffer) => void): ((chunk: Buffer) => void) => {
  let held = Buffer.alloc(0);
  return (chunk) => {
    held = Buffer.concat([held, chunk]);
    while (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0)) {
      const end = 2 + held.readUInt16BE(0);
      onMessage(held.subarray(2, end));
      held = held.subarray(end);
    }
  };
};
