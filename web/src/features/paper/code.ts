/** Codes as people type them: in fours, look-alikes left to the server. */
export function grouped(code: string): string {
  return (code.replace(/[\s-]/g, '').toUpperCase().match(/.{1,4}/g) ?? []).join('-')
}

/** The code that a scanned address carries behind its `#`. */
export function fromHash(hash: string): string {
  const code = decodeURIComponent(hash.replace(/^#/, ''))
  return /^[0-9A-Za-z-]{1,40}$/.test(code) ? grouped(code) : ''
}
