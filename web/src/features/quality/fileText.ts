/** The text of a file that a hospital's system or Excel wrote: UTF-8, else GB 18030. */
export async function textOf(file: Blob): Promise<string> {
  const bytes = await bytesOf(file)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('gb18030').decode(bytes)
  }
}

function bytesOf(file: Blob): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => { resolve(new Uint8Array(reader.result as ArrayBuffer)) }
    reader.onerror = () => { reject(reader.error ?? new Error('the file cannot be read')) }
    reader.readAsArrayBuffer(file)
  })
}

/** A file to fill in: the headings alone, with the mark by which Excel knows UTF-8. */
export function template(headings: readonly string[]): Blob {
  return new Blob([`\ufeff${headings.join(',')}\r\n`], { type: 'text/csv' })
}
