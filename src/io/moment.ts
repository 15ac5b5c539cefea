/** Formats a time for display, to the minute: `2026-01-02 03:04 UTC`. */
export const momentText = (iso: string): string => iso.replace(/^([\d-]{10})T(\d\d:\d\d).*$/, '$1 $2 UTC');
