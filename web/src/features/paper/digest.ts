/** SHA-256 of a file on this machine, in hex; null where the browser only hashes on https. */
export async function sha256(file: Blob): Promise<string | null> {
  if (globalThis.crypto?.subtle === undefined) return null
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', await file.arrayBuffer()))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
