import { Document, isMap, isScalar, isSeq, type YAMLMap, type YAMLSeq } from 'yaml';
import { keys, validate, words } from '../generated/baseline.validate.js';
import { addressScope, canonicalAddress, withoutScope } from '../ports/address.ts';
import { applicationsDiffer, compare, type Comparison } from './compare.ts';
import { parseChecked, type DocumentKind } from './document.ts';
import { fold, listenerOrder, type Listener, type Scope } from './listeners.ts';

/** The approved listeners of a machine. */
export interface Baseline {
  /** Null: for any machine. */
  readonly machine: string | null;
  readonly listeners: readonly Listener[];
  /** The comment in the file before each of them. */
  readonly comments: readonly (string | null)[];
}

interface Entry {
  readonly port: number | 'dynamic';
  readonly protocol: 'TCP' | 'UDP';
  readonly address: string;
  readonly program?: string;
  readonly application?: string;
  readonly services?: string[];
  readonly user?: string;
  readonly sha256?: string;
  readonly signer?: string;
}

const kind: DocumentKind = {
  name: 'a baseline',
  kind: 'PortOwner.Baseline',
  hint: 'Correct the file, or create a new one with "portowner baseline create".',
  validator: () => validate,
  keys: () => keys,
  words: () => words,
};

const scopes: Readonly<Record<string, Scope>> = { any: 'Any', loopback: 'Loopback', specific: 'Specific' };

const noWrap = { lineWidth: 0 } as const;

/** An address as the system writes it, without %scope; `any`, `loopback` and `specific` as they are. */
function normalAddress(text: string): string {
  const plain = withoutScope(text);
  return canonicalAddress(plain) ?? plain;
}

function listenerOf(entry: Entry): Listener {
  const { port, protocol, address: stated, program, application, services, user, sha256, signer } = entry;
  const address = normalAddress(stated);
  return {
    protocol,
    port,
    address,
    scope: scopes[address] ?? addressScope(address),
    program: program ?? null,
    ...(application === undefined ? {} : { application }),
    services: services ?? [],
    user: user ?? null,
    sha256: sha256?.toLowerCase() ?? null,
    signer: signer ?? null,
    ports: [],
  };
}

/** The entry of a listener, without unknown values. */
function entryOf(listener: Listener): Entry {
  const { port, protocol, address, program, application, services, user, sha256, signer } = listener;
  return {
    port,
    protocol,
    address,
    ...(program === null ? {} : { program }),
    ...(application === undefined ? {} : { application }),
    ...(services.length === 0 ? {} : { services: [...services] }),
    ...(user === null ? {} : { user }),
    ...(sha256 === null ? {} : { sha256 }),
    ...(signer === null ? {} : { signer }),
  };
}

function parse(text: string, name: string) {
  const checked = parseChecked(text, name, kind);
  const { machine, listeners } = checked.value as { machine?: string; listeners: Entry[] };
  listeners.forEach(({ port, address }, index) => {
    const fits = port === 'dynamic' ? Object.hasOwn(scopes, address) : canonicalAddress(address) !== null;
    if (!fits)
      checked.fail(
        ['listeners', index, 'address'],
        port === 'dynamic'
          ? 'the address of a dynamic port must be any, loopback or specific'
          : `${JSON.stringify(address)} is not an IP address`,
      );
  });
  return { document: checked.document, machine: machine ?? null, listeners: listeners.map(listenerOf) };
}

function sequence(document: Document): YAMLSeq | null {
  const node = document.get('listeners', true);
  return isSeq(node) ? node : null;
}

/** Reads the text of a baseline; `name` is its file. Throws PO2002 with line and column, or PO2003. */
export function parseBaseline(text: string, name: string): Baseline {
  const { document, machine, listeners } = parse(text, name);
  const items = sequence(document)?.items ?? [];
  const comments = items.map((item) => (isMap(item) ? (item.commentBefore?.trim() ?? null) : null));
  return { machine, listeners, comments };
}

function nodeOf(document: Document, listener: Listener): YAMLMap {
  const node = document.createNode(entryOf(listener)) as YAMLMap;
  const services = node.get('services', true);
  if (isSeq(services)) services.flow = true;
  return node;
}

/** A new baseline: sorted, one listener an entry. */
export function baselineText(machine: string, listeners: readonly Listener[]): string {
  const document = new Document({ kind: kind.kind, version: 1, machine });
  const items = document.createNode([]) as YAMLSeq;
  for (const listener of listeners.toSorted(listenerOrder)) items.add(nodeOf(document, listener));
  items.flow = false;
  document.set('listeners', items);
  document.commentBefore =
    ' The listeners that are approved on this machine, for "portowner audit --baseline". A missing value matches anything.';
  return document.toString(noWrap);
}

/** Removing an entry also removes the paragraph right above it; other comments stay, above the next entry. */
function keepComments(items: YAMLSeq, index: number): void {
  const removed = items.items[index];
  const comment = isMap(removed) ? removed.commentBefore : null;
  const end = comment?.search(/\n[ \t]*\n(?![\s\S]*\n[ \t]*\n)/) ?? -1;
  if (!comment || end < 0) return;
  const kept = comment.slice(0, end);
  const next = items.items[index + 1];
  if (isMap(next)) next.commentBefore = next.commentBefore ? `${kept}\n\n${next.commentBefore}` : kept;
  else items.comment = items.comment ? `${kept}\n\n${items.comment}` : kept;
}

function setFields(node: YAMLMap, listener: Listener): void {
  const entry = entryOf(listener);
  for (const field of ['application', 'services', 'sha256', 'signer'] as const)
    if (entry[field] === undefined) node.delete(field);
  for (const [field, value] of Object.entries(entry)) {
    const known = node.get(field, true);
    if (isScalar(known) && known.value === value) continue;
    if (field === 'services') {
      if (isSeq(known) && JSON.stringify(known.toJSON()) === JSON.stringify(value)) continue;
      const list = new Document(value).contents as YAMLSeq;
      list.flow = true;
      if (isSeq(known)) list.comment = known.comment;
      node.set(field, list);
    } else node.set(field, value);
  }
}

/** Returns the new entry of an approved listener; a value that was not stated, or cannot be seen now, stays unchanged. */
function updated(before: Listener, after: Listener): Listener {
  const owned = before.program !== null;
  const sameProgram =
    before.program === after.program ||
    (before.program !== null && after.program !== null && fold(before.program) === fold(after.program));
  const sameBinary = sameProgram && (before.sha256 === null || after.sha256 === null || before.sha256 === after.sha256);
  const [one, ...more] = after.applications ?? [];
  // An entry has one application: several leave it open.
  const application = !applicationsDiffer(before, after) ? before.application : more.length > 0 ? undefined : one;
  return {
    ...after,
    ...(application === undefined ? {} : { application }),
    program: owned ? (after.program ?? before.program) : null,
    services:
      after.serviceless === true || (after.services.length > 0 && (owned || before.services.length > 0))
        ? after.services
        : before.services,
    user: before.user === null ? null : (after.user ?? before.user),
    sha256: after.sha256 ?? (sameProgram ? before.sha256 : null),
    signer: after.signer ?? (sameBinary ? before.signer : null),
  };
}

export interface BaselineUpdate {
  /** The complete new text; identical to the old text if nothing changed. */
  readonly text: string;
  readonly comparison: Comparison;
}

/**
 * Updates a baseline to the current state: removes entries of closed listeners (unless they are to be kept), inserts new
 * ones in order, and changes others in place. Preserves comments and the order of the other entries.
 * Throws the errors of parseBaseline.
 */
export function updateBaseline(
  text: string,
  name: string,
  now: readonly Listener[],
  { keepClosed }: { keepClosed: boolean },
): BaselineUpdate {
  const { document, listeners } = parse(text, name);
  const comparison = compare(listeners, now);
  const { changes, pairs, opened, closed } = comparison;
  // No entry can approve that a file is gone.
  const relevant = changes.filter(({ kind: what }) => what !== 'FileGone' && !(keepClosed && what === 'Closed'));
  let items = sequence(document);
  // Hashes that were requested for the first time are not a change, but belong in the file.
  const learnt = pairs.some(
    ([before, after]) =>
      (before.sha256 === null && after.sha256 !== null) || (before.signer === null && after.signer !== null),
  );
  if (relevant.length === 0 && !learnt) return { text, comparison };
  if (items === null || items.items.length === 0) {
    items = document.createNode([]) as YAMLSeq;
    document.set('listeners', items);
  }
  items.flow = false;
  const nodes = new Map(items.items.map((item, index) => [listeners[index]!, item]));
  // The text of the items, in order.
  const listed = [...listeners];
  for (const [before, after] of pairs) {
    const node = nodes.get(before);
    if (
      isMap(node) &&
      (before.sha256 !== after.sha256 ||
        before.signer !== after.signer ||
        relevant.some((change) => change.before === before && change.after === after))
    )
      setFields(node, updated(before, after));
  }
  if (!keepClosed) {
    for (const listener of closed) {
      const index = items.items.indexOf(nodes.get(listener));
      keepComments(items, index);
      items.items.splice(index, 1);
      listed.splice(index, 1);
    }
  }
  for (const listener of opened) {
    const found = listed.findIndex((other) => listenerOrder(other, listener) > 0);
    const at = found < 0 ? listed.length : found;
    items.items.splice(at, 0, nodeOf(document, listener));
    listed.splice(at, 0, listener);
  }
  const updatedText = document.toString(noWrap);
  // Git checks out files this way on Windows.
  return { text: /\r\n/.test(text) ? updatedText.replace(/\r?\n/g, '\r\n') : updatedText, comparison };
}
