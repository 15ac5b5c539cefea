// Finishes a Windows executable after pkg: properties, protection against planted DLLs, and a clean end for signing tools.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type NtExecutable, Format, NtExecutable as Executable, NtExecutableResource } from 'pe-library';
import { Data, Resource } from 'resedit';
import { withAlignedSections } from './alignment.ts';
import { version } from './bundle.ts';
import { root } from './runtime.mjs';

const english = { lang: 0x409, codepage: 1200 };
/** LOAD_LIBRARY_SEARCH_SYSTEM32: DLLs are loaded only from System32, not from the folder of the executable. */
const searchSystem32 = 0x0800;
/** Offset of DependentLoadFlags in IMAGE_LOAD_CONFIG_DIRECTORY64 (winnt.h). */
const dependentLoadFlagsAt = 0x4e;

function setProperties(resources: NtExecutableResource, fileName: string): void {
  const info = Resource.VersionInfo.fromEntries(resources.entries)[0] ?? Resource.VersionInfo.createEmpty();
  for (const language of info.getAllLanguagesForStringValues()) info.removeAllStringValues(language);
  info.lang = english.lang;
  info.setFileVersion(version, english.lang);
  info.setProductVersion(version, english.lang);
  info.setStringValues(english, {
    ProductName: 'PortOwner',
    FileDescription: 'PortOwner: who owns a port',
    CompanyName: 'PortOwner contributors',
    LegalCopyright:
      'Copyright (c) 2026 PortOwner contributors, MIT License; contains Node.js and others, see THIRD-PARTY-NOTICES',
    InternalName: 'portowner',
    OriginalFilename: fileName,
    FileVersion: version,
    ProductVersion: version,
  });
  resources.entries = resources.entries.filter((entry) => entry.type !== 16);
  info.outputToResourceEntries(resources.entries);
}

function setIcon(resources: NtExecutableResource): void {
  const path = join(root, 'src/icon/portowner.ico');
  if (!existsSync(path)) return;
  const groups = Resource.IconGroupEntry.fromEntries(resources.entries);
  const icons = Data.IconFile.from(readFileSync(path)).icons.map((icon) => icon.data);
  for (const group of groups)
    Resource.IconGroupEntry.replaceIconsForResource(resources.entries, group.id, group.lang, icons);
}

function setDependentLoadFlags(executable: NtExecutable): void {
  const section = executable.getSectionByEntry(Format.ImageDirectoryEntry.LoadConfig);
  const directory = executable.newHeader.optionalHeaderDataDirectory.get(Format.ImageDirectoryEntry.LoadConfig);
  if (!section?.data) throw new Error('the executable has no load configuration');
  const at = directory.virtualAddress - section.info.virtualAddress;
  const view = new DataView(section.data);
  if (view.getUint32(at, true) < dependentLoadFlagsAt + 2)
    throw new Error('the load configuration is too short for DependentLoadFlags');
  view.setUint16(at + dependentLoadFlagsAt, searchSystem32, true);
}

/**
 * Adds PortOwner's properties and icon to a Windows executable, restricts DLLs to System32, aligns its sections, removes the
 * signature of node.exe, and sets the checksum.
 */
export function finishWindows(bytes: Buffer, fileName: string): Buffer {
  const executable = Executable.from(withAlignedSections(bytes));
  const resources = NtExecutableResource.from(executable);
  setProperties(resources, fileName);
  setIcon(resources);
  resources.outputResource(executable);
  setDependentLoadFlags(executable);
  return Buffer.from(executable.generate());
}
