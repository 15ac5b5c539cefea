// Reads ports in the forms that people use, and suggests corrections for invalid ones.
import { canonicalAddress } from '../ports/address.ts';
import { serviceNames, servicePorts } from '../ports/iana.ts';
import { parsePlaces, portForms, type Place } from '../ports/place.ts';
import { nearest, suggested } from '../schema/nearest.ts';
import { PortOwnerError } from '../schema/problems.ts';

/** Letters that are easily confused with digits. */
const digits: Readonly<Record<string, string>> = {
  ...Object.fromEntries([...'qwertyui'].map((letter, index): [string, string] => [letter, String(index + 1)])),
  o: '0',
  p: '0',
  l: '1',
};

/** The port that a number with letters was probably meant to be; null if there is none. */
function nearestPort(text: string): string | null {
  if (!/^(?=.*\d)[\dqwertyuiopl]{1,5}$/i.test(text)) return null;
  const number = [...text.toLowerCase()].map((letter) => digits[letter] ?? letter).join('');
  return Number(number) >= 1 && Number(number) <= 65535 ? number : null;
}

/** A port with the protocol that a misspelled one was meant to be: `80/tcp` for `80/tpc`, `tpc/80`, or `80:tpc`. */
function nearestProtocol(text: string): string | null {
  const [, after, before] = /^(?:\d+[/:]([a-z]{3,4})|([a-z]{3,4})\/\d+)$/i.exec(text) ?? [];
  const found = nearest(after ?? before ?? '', ['tcp', 'udp']);
  return found === null ? null : `${text.replace(/\D/g, '')}/${found}`;
}

/** Extensions of what interpreters run. */
const scriptExtensions = new Set(['js', 'mjs', 'cjs', 'ts', 'py', 'rb', 'php', 'pl', 'jar', 'dll', 'exe', 'sh', 'ps1']);

/** Whether a word is the name of a script or program. */
const isScript = (word: string): boolean =>
  /^[\w.-]+$/.test(word) && scriptExtensions.has(word.slice(word.lastIndexOf('.') + 1).toLowerCase());

/** Makes an error about ports, with a suggestion. */
function suggesting(error: PortOwnerError, commands: readonly string[]): PortOwnerError {
  const { target = '' } = error;
  const more = { target, cause: error.cause };
  if (/^[\w:./-]+(?:;[\w:./-]+)+;?$/.test(target)) {
    const hint = `Separate ports with commas: ${target.replaceAll(';', ',').replace(/,$/, '')}`;
    return new PortOwnerError('PO1002', error.message, { ...more, hint });
  }
  const placed = nearestProtocol(target);
  if (placed !== null) return new PortOwnerError('PO1002', error.message, { ...more, hint: suggested(placed, '') });
  if (/^localhost$/i.test(target) || canonicalAddress(target) !== null) {
    const example = `${target.includes(':') ? `[${target}]` : target}:3000`;
    return new PortOwnerError('PO1002', error.message, { ...more, hint: `Add a port, for example ${example}` });
  }
  if (!/not a port/.test(error.message)) return error;
  if (isScript(target)) {
    const hint = `To find the ports of a program: portowner --image ${target}`;
    return new PortOwnerError('PO1002', error.message, { ...more, hint });
  }
  const port = nearestPort(target);
  if (commands.length > 0 && /^[a-z-]+$/i.test(target)) {
    const found = nearest(target, commands, serviceNames());
    return new PortOwnerError('PO1002', `${JSON.stringify(target)} is not a command, a port, or a known service name`, {
      ...more,
      hint:
        found === null
          ? `To find the ports of a program: portowner --image ${target}; to list the commands and port forms: portowner --help`
          : `Did you mean portowner ${found}? To list the commands and port forms: portowner --help`,
    });
  }
  const hint = suggested(port ?? nearest(target, commands, serviceNames()), portForms);
  return new PortOwnerError('PO1002', error.message, { ...more, hint });
}

/** Parses expressions. `commands` are further candidates for a suggestion; null for none. Throws PO1002. */
export function readPlaces(texts: readonly string[], commands: readonly string[] | null): Place[] {
  try {
    return texts.flatMap((text) => parsePlaces(text, servicePorts));
  } catch (error) {
    throw commands !== null && error instanceof PortOwnerError && error.code === 'PO1002'
      ? suggesting(error, commands)
      : error;
  }
}
