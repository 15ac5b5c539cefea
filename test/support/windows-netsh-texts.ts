import { readFileSync } from 'node:fs';

export const languages = ['en', 'de', 'fr', 'ja'] as const;
export type Language = (typeof languages)[number];

/** The code page of the console in a language. */
export const codePages: Readonly<Record<Language, number>> = { en: 437, de: 850, fr: 850, ja: 932 };

/** A text of netsh, byte for byte. Where its layout is published stands in sources.md beside it. */
export function netshText(name: string): Buffer {
  return readFileSync(new URL(`../fixtures/synthetic/windows-netsh/${name}.txt`, import.meta.url));
}
