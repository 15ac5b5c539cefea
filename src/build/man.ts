// The man page, from the same source as the help.
import { exitCodesOf } from '../cli/about.ts';
import type { KnownCommand } from '../cli/commands.ts';
import { operandsOf, pathOf } from '../cli/help.ts';
import { optionSections, otherWords, type ShownOption } from '../cli/words.ts';

/** Text for troff, pure ASCII: no character or line start of it is an instruction. */
function text(value: string): string {
  return value
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll(
      /[\u0080-\uffff]/g,
      (character) => `\\[u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}]`,
    )
    .replaceAll(/^[.']/gm, '\\&$&')
    .trim();
}

const paragraphs = (value: string): string[] =>
  value
    .trim()
    .split(/\n\s*\n/)
    .filter((part) => part.trim() !== '')
    .map((part) => text(part.replaceAll(/\s+/g, ' ')));

const optionLines = (option: ShownOption): string[] => [
  '.TP',
  `\\fB${text(option.text)}\\fR`,
  text(option.description.replaceAll(/\s+/g, ' ')),
];

function commandSection(command: KnownCommand): string[] {
  const { definition, about } = command;
  const options = optionSections(command).flatMap((section) =>
    ['.PP', `${text(section.title)}:`].concat(section.options.flatMap(optionLines)),
  );
  const also = otherWords(command).map(([words, meaning]) => `${words} (${meaning})`);
  const examples = (definition.examples ?? []).flatMap(([label, command]) => [
    '.TP',
    `${text(label)}:`,
    `\\fB${text(command)}\\fR`,
  ]);
  return [
    `.SS ${text(pathOf(definition))}${text(` x${operandsOf(definition)}`).slice(1)} [options]`,
    ...paragraphs(`${definition.description?.trim() ?? ''}.`),
    ...paragraphs(definition.details ?? '').flatMap((part) => ['.PP', part]),
    ...options,
    ...(also.length === 0 ? [] : ['.PP', `Also accepted: ${text(also.join('; '))}.`]),
    '.PP',
    `Exit codes: ${text(
      exitCodesOf(about)
        .map(([code, meaning]) => `${code} ${meaning}`)
        .join('; '),
    )}.`,
    ...examples,
  ];
}

/** The man page portowner(1). */
export function manPage(all: readonly KnownCommand[], version: string): string {
  return `${[
    `.TH PORTOWNER 1 "" "PortOwner ${version}" "User Commands"`,
    // Add neither hyphens nor spaces to the text.
    '.nh',
    '.ad l',
    '.SH NAME',
    'portowner \\- who owns a port, why it cannot be bound, and which one is free',
    '.SH SYNOPSIS',
    ...all.flatMap(({ definition }) => [
      `\\fB${text(pathOf(definition))}\\fR${text(` x${operandsOf(definition)}`).slice(1)} [options]`,
      '.br',
    ]),
    '.SH COMMANDS',
    ...all.flatMap(commandSection),
    '.SH ENVIRONMENT',
    '.TP',
    '\\fBNO_COLOR\\fR',
    'No colors on a terminal.',
    '.TP',
    '\\fBPORTOWNER_DISABLE\\fR',
    'Sources of facts to switch off, separated by commas.',
  ].join('\n')}\n`;
}
