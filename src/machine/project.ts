import { closeSync, lstatSync, readdirSync, readSync } from 'node:fs';
import { posix, win32 } from 'node:path';
import type { Project } from '../system/project.ts';
import { openRegular } from './regular-file.ts';

/** The maximum number of parent folders to search. */
const mostSteps = 16;
const longestFile = 256 * 1024;

/** What is at a path itself: null for a link. */
function kindOf(path: string): 'file' | 'folder' | null {
  try {
    const stat = lstatSync(path);
    return stat.isFile() ? 'file' : stat.isDirectory() ? 'folder' : null;
  } catch {
    return null;
  }
}

/** The beginning of a regular file; empty if it cannot be read. */
function beginning(path: string): string {
  let descriptor: number | null = null;
  try {
    descriptor = openRegular(path, { followLink: false });
    if (descriptor === null) return '';
    const bytes = Buffer.alloc(longestFile);
    return bytes.toString('utf8', 0, readSync(descriptor, bytes, 0, longestFile, 0));
  } catch {
    return '';
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}

function jsonName(text: string): string | undefined {
  try {
    const { name } = JSON.parse(text) as { name?: unknown };
    return typeof name === 'string' ? name : undefined;
  } catch {
    return undefined;
  }
}

/** The value of `name = "shop"` in a table of a TOML file. */
function tomlName(text: string, tables: RegExp): string | undefined {
  for (const part of text.split(/^(?=\[)/m))
    if (tables.test(part)) return /^name\s*=\s*["']([^"'\n]*)["']/m.exec(part)?.[1];
  return undefined;
}

/** Files that describe the project in their folder, and how to find its name in them. */
const files: readonly (readonly [name: string, nameIn: (text: string) => string | undefined])[] = [
  ['package.json', jsonName],
  ['pyproject.toml', (text) => tomlName(text, /^\[(?:project|tool\.poetry)\]/)],
  ['Cargo.toml', (text) => tomlName(text, /^\[package\]/)],
  ['go.mod', (text) => /^module\s+(?:\S*\/)?([^\s/]+)/m.exec(text)?.[1]],
  ['pom.xml', (text) => /<artifactId>\s*([^<\s]+)/.exec(text.slice(text.indexOf('</parent>') + 1))?.[1]],
  ['compose.yaml', (text) => /^name:\s*["']?([\w.-]+)/m.exec(text)?.[1]],
  ['compose.yml', (text) => /^name:\s*["']?([\w.-]+)/m.exec(text)?.[1]],
  ['docker-compose.yml', (text) => /^name:\s*["']?([\w.-]+)/m.exec(text)?.[1]],
];

/** The name of a .NET project, which is that of its file. */
function dotnetName(folder: string): string | undefined {
  try {
    return /^(.+)\.(?:cs|fs|vb)proj$/i.exec(
      readdirSync(folder).find((name) => /\.(?:cs|fs|vb)proj$/i.test(name)) ?? '',
    )?.[1];
  } catch {
    return undefined;
  }
}

/** The project name of a folder; undefined if it is not a project. */
function nameOf(folder: string, { join, basename }: typeof posix): string | undefined {
  const own = basename(folder);
  for (const [file, nameIn] of files) {
    const path = join(folder, file);
    if (kindOf(path) === 'file') return nameIn(beginning(path))?.trim().slice(0, 100) || own;
  }
  // A worktree has a file instead of a folder.
  return dotnetName(folder) ?? (kindOf(join(folder, '.git')) === null ? undefined : own);
}

/** The nearest project folder at or above a folder, but below the user's home folder. */
export function findProject(folder: string, home: string): Project | null {
  const path = process.platform === 'win32' ? win32 : posix;
  // Do not query another machine for a name.
  if (!path.isAbsolute(folder) || /^[\\/]{2}/.test(folder)) return null;
  let here = folder;
  for (let step = 0; step < mostSteps; step++) {
    const above = path.dirname(here);
    if (above === here || here === home) return null;
    const name = nameOf(here, path);
    if (name !== undefined) return { name, folder: here };
    here = above;
  }
  return null;
}
