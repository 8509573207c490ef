/** MiB for people: `512 MiB`, `7.8 GiB`, `1.2 TiB`. */
export function mebibytes(mib: number): string {
  if (mib < 1024) return `${Math.round(mib)} MiB`;
  const gib = mib / 1024;
  return gib < 1024 ? `${gib.toFixed(1)} GiB` : `${(gib / 1024).toFixed(1)} TiB`;
}

/** Bytes for people: `900 B`, `4.0 KiB`, `1.0 MiB`. */
export function byteText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const kib = bytes / 1024;
  return kib < 1024
    ? `${kib.toFixed(1)} KiB`
    : kib < 1024 * 1024
      ? `${(kib / 1024).toFixed(1)} MiB`
      : mebibytes(kib / 1024);
}
