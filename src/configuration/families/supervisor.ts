import type { Family } from '../family.ts';
import { lastOption } from '../readers/arguments.ts';
import { readUnit } from '../readers/unit.ts';
import type { Word } from '../readers/setting.ts';
import { onePort, written } from '../layers.ts';
import { commandIn, wholeValue, type WrittenValue } from '../service-file.ts';
import type { Reading } from '../reading.ts';
import type { TextFile } from '../text-file.ts';

/*
 * The server of supervisord itself, and literal ports in the commands and the environment of its programs.
 * https://supervisord.org/configuration.html
 */

const options = ['--port', '-p', '--bind', '-b', '--listen', '--http-port'];

/** The ports in a list of variables: `A="x",PORT="80"`. */
const variablesIn = (file: TextFile, whole: Word): WrittenValue[] =>
  [...whole.value.matchAll(/(?<=^|,)\s*(\w*PORT)\s*=\s*(["']?)(\d+)\2(?=\s*(?:,|$))/g)].map((found) => {
    const [all, name = '', quote = '', value = ''] = found;
    return { name, value, file, whole, start: found.index + all.length - quote.length - value.length };
  });

function addFile(reading: Reading, file: TextFile): void {
  // A comment after a value begins with a blank and a semicolon.
  for (const setting of reading.parse(file, readUnit) ?? []) {
    const value = setting.value.replace(/\s;[^]*/, '').trimEnd();
    const word = { ...setting, value, end: setting.start + value.length };
    const [, section = '', key = ''] = /^(.*)\.(\w+)$/.exec(setting.name) ?? [];
    if (setting.name === 'inet_http_server.port')
      for (const place of written(wholeValue(file, word), onePort)) reading.add(place);
    if (/^(?:program|fcgi-program):/.test(section) && /^(?:command|environment)$/.test(key))
      for (const one of key === 'command' ? commandIn(file, word, options) : variablesIn(file, word))
        for (const place of written({ ...one, name: `${section} ${one.name}` }, onePort))
          if (place.port !== null) reading.add(place);
    if (setting.name !== 'include.files') continue;
    for (const pattern of value.split(/\s+/))
      for (const path of reading.glob(reading.path.resolve(reading.path.dirname(file.path), pattern))) {
        const included = reading.files.has(path) ? null : reading.open(path);
        if (included !== null) addFile(reading, included);
      }
  }
}

export const supervisor: Family = {
  name: 'supervisord',
  defaultFiles: ['/etc/supervisor/supervisord.conf', '/etc/supervisord.conf'],
  read({ path: given, arguments: args, workingDirectory }, reading) {
    const named = lastOption(args, ['-c', '--configuration'])?.value;
    const path = given ?? (named === undefined ? null : reading.path.resolve(workingDirectory ?? '/', named));
    const file = path === null ? reading.openFirst(supervisor.defaultFiles) : reading.open(path);
    if (file !== null) addFile(reading, file);
  },
  sideEffects: () => ['supervisord uses its new configuration after supervisorctl reread and supervisorctl update'],
};
