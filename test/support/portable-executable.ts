/** The parts of a Windows executable (PE32+) that the build is answerable for. Source: Microsoft's "PE Format". */
export interface PortableExecutable {
  machine: number;
  characteristics: number;
  subsystem: number;
  checksum: number;
  /** What the checksum has to be, from the bytes. */
  computedChecksum: number;
  /** Where the Authenticode signatures are, and how long: 0 and 0 without any. */
  security: { at: number; size: number };
  /** The end of the last section's bytes. */
  end: number;
  dependentLoadFlags: number;
}

export function readPortableExecutable(bytes: Buffer): PortableExecutable {
  const header = bytes.readUInt32LE(0x3c);
  if (bytes.toString('latin1', header, header + 4) !== 'PE\0\0') throw new Error('not a PE file');
  const sectionCount = bytes.readUInt16LE(header + 6);
  const optional = header + 24;
  if (bytes.readUInt16LE(optional) !== 0x20b) throw new Error('not a PE32+ file');
  const directory = (index: number): { at: number; size: number } => ({
    at: bytes.readUInt32LE(optional + 112 + index * 8),
    size: bytes.readUInt32LE(optional + 116 + index * 8),
  });
  const sections = Array.from({ length: sectionCount }, (_, index) => {
    const at = optional + bytes.readUInt16LE(header + 20) + index * 40;
    const [size, address, rawSize, rawAt] = [8, 12, 16, 20].map((offset) => bytes.readUInt32LE(at + offset)) as [number, number, number, number];
    return { size, address, rawSize, rawAt };
  });
  const fileOffset = (address: number): number => {
    const section = sections.find((one) => address >= one.address && address < one.address + one.size);
    if (!section) throw new Error(`no section holds the address ${address}`);
    return address - section.address + section.rawAt;
  };
  const loadConfig = directory(10).at;
  return {
    machine: bytes.readUInt16LE(header + 4),
    characteristics: bytes.readUInt16LE(header + 22),
    subsystem: bytes.readUInt16LE(optional + 68),
    checksum: bytes.readUInt32LE(optional + 64),
    computedChecksum: checksum(bytes, optional + 64),
    security: directory(4),
    end: Math.max(...sections.map((section) => section.rawAt + section.rawSize)),
    dependentLoadFlags: bytes.readUInt16LE(fileOffset(loadConfig) + 0x4e),
  };
}

/** CheckSumMappedFile's sum: of 16-bit words with the carry added, the field itself taken as 0, plus the length. */
function checksum(bytes: Buffer, field: number): number {
  const even = bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(1)]);
  let sum = 0;
  for (let at = 0; at < even.length; at += 2) {
    if (at === field || at === field + 2) continue;
    sum += even.readUInt16LE(at);
    sum = (sum & 0xffff) + (sum >>> 16);
  }
  return (sum + bytes.length) >>> 0;
}
