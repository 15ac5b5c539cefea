// Aligns the sections of a Windows program in its file as they are in memory, so that a loader can map them: Wine copies what is
// not aligned, all 100 MB of it. The format: https://learn.microsoft.com/windows/win32/debug/pe-format

const page = 4096;
const roundedUp = (size: number): number => Math.ceil(size / page) * page;

/** The indexes of the data directories that have positions in the file. */
const certificates = 4;
const debugging = 6;

const optionalHeader = (bytes: Buffer): number => bytes.readUInt32LE(0x3c) + 24;
/** Where a data directory of a 64-bit program is. */
const directory = (bytes: Buffer, index: number): number => optionalHeader(bytes) + 112 + index * 8;

interface Section {
  /** Where its header is. */
  readonly header: number;
  /** Its address in memory, relative to the program's. */
  readonly address: number;
  readonly size: number;
  readonly position: number;
}

function sectionsOf(bytes: Buffer): Section[] {
  const optional = optionalHeader(bytes);
  const first = optional + bytes.readUInt16LE(optional - 4);
  return Array.from({ length: bytes.readUInt16LE(optional - 18) }, (_, index) => {
    const header = first + index * 40;
    const [address = 0, size = 0, position = 0] = [12, 16, 20].map((field) => bytes.readUInt32LE(header + field));
    return { header, address, size, position };
  });
}

/** Corrects the positions of the debug data. */
function moveDebugging(bytes: Buffer): void {
  const sections = sectionsOf(bytes);
  const positionOf = (address: number): number => {
    const found = sections.find((one) => address >= one.address && address < one.address + one.size);
    if (found === undefined) throw new Error(`no section of the program has the address ${address}`);
    return found.position + address - found.address;
  };
  const [address, length] = [0, 4].map((field) => bytes.readUInt32LE(directory(bytes, debugging) + field));
  for (let offset = 0; offset < length!; offset += 28) {
    const entry = positionOf(address! + offset);
    const [data, position] = [20, 24].map((field) => bytes.readUInt32LE(entry + field));
    // Some entries have no data.
    if (data !== 0 || position !== 0) bytes.writeUInt32LE(positionOf(data!), entry + 24);
  }
}

/** Returns a 64-bit Windows program with aligned sections, and without its signature. Its checksum is no longer correct. */
export function withAlignedSections(bytes: Buffer): Buffer {
  const optional = optionalHeader(bytes);
  if (bytes.readUInt16LE(optional) !== 0x20b) throw new Error('the program is not a 64-bit one');
  const sections = sectionsOf(bytes)
    .filter(({ size }) => size > 0)
    .toSorted((one, other) => one.position - other.position);
  const last = sections.at(-1)!;
  const [signature, signatureSize] = [0, 4].map((field) => bytes.readUInt32LE(directory(bytes, certificates) + field));
  const end = signature === 0 || signature! + signatureSize! < bytes.length ? bytes.length : signature!;
  if (last.position + last.size < end) throw new Error('the program has more than its sections');
  const headers = bytes.readUInt32LE(optional + 60);
  let next = roundedUp(headers);
  const aligned = Buffer.alloc(next + sections.reduce((sum, { size }) => sum + roundedUp(size), 0));
  bytes.copy(aligned, 0, 0, headers);
  for (const { header, size, position } of sections) {
    bytes.copy(aligned, next, position, position + size);
    aligned.writeUInt32LE(roundedUp(size), header + 16);
    aligned.writeUInt32LE(next, header + 20);
    next += roundedUp(size);
  }
  aligned.writeUInt32LE(page, optional + 36);
  aligned.writeUInt32LE(roundedUp(headers), optional + 60);
  aligned.fill(0, directory(aligned, certificates), directory(aligned, certificates) + 8);
  moveDebugging(aligned);
  return aligned;
}
