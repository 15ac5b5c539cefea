const protocolOrder = { TCP: 0, UDP: 1 } as Readonly<Record<string, number>>;

/** The default sort order: by port, protocol, address. */
export function defaultOrder(
  a: { LocalPort: number | null; Protocol: string | null; LocalAddress: string | null },
  b: typeof a,
): number {
  return (
    (a.LocalPort ?? 0) - (b.LocalPort ?? 0) ||
    (protocolOrder[a.Protocol ?? ''] ?? 2) - (protocolOrder[b.Protocol ?? ''] ?? 2) ||
    (a.LocalAddress === b.LocalAddress ? 0 : (a.LocalAddress ?? '') < (b.LocalAddress ?? '') ? -1 : 1)
  );
}
