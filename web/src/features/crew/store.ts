/**
 * What the phone keeps: entries and positions not handed over, and the last view of the case.
 *
 * Entries are numbered without gaps in the same transaction that stores them: the server carries
 * them out in this order, and one is forgotten only after its final answer.
 */
import type { CrewEntry, CrewFix, CrewView } from '@/api/crew'

export interface Kept {
  deviceId: string
  view: CrewView | null
  /** When everything was last handed over, by the phone's clock. */
  syncedAt: number | null
  /** Of which address the view is; never the address itself. */
  mark: string | null
}

export interface CrewStore {
  load(): Promise<Kept>
  keepView(view: CrewView | null): Promise<void>
  keepMark(mark: string): Promise<void>
  keepSynced(at: number): Promise<void>
  /** Stores the entry under the next number of its link. */
  add(linkId: string, entry: Omit<CrewEntry, 'seq'>): Promise<CrewEntry>
  entries(linkId: string): Promise<CrewEntry[]>
  /** How many entries of other links were never handed over. */
  strayed(linkId: string): Promise<number>
  forget(linkId: string, ids: readonly string[]): Promise<void>
  addFix(fix: CrewFix): Promise<void>
  fixes(limit: number): Promise<CrewFix[]>
  forgetFixes(upTo: string): Promise<void>
}

const NAME = 'ys-crew'

interface EntryRecord {
  linkId: string
  seq: number
  entry: CrewEntry
}

/** IndexedDB behind promises; one request is one transaction. */
export class PhoneStore implements CrewStore {
  private db: Promise<IDBDatabase> | null = null

  constructor(private readonly newId: () => string) {}

  private open(): Promise<IDBDatabase> {
    this.db ??= new Promise((resolve, reject) => {
      const asked = indexedDB.open(NAME, 1)
      asked.onupgradeneeded = () => {
        asked.result.createObjectStore('meta')
        asked.result.createObjectStore('entries', { keyPath: ['linkId', 'seq'] })
        asked.result.createObjectStore('fixes', { keyPath: 'at' })
      }
      asked.onsuccess = () => resolve(asked.result)
      asked.onerror = () => reject(asked.error ?? new Error('IndexedDB'))
    })
    return this.db
  }

  private async run<T>(
    stores: string[],
    mode: IDBTransactionMode,
    work: (tx: IDBTransaction) => IDBRequest<T> | null,
  ): Promise<T | null> {
    const tx = (await this.open()).transaction(stores, mode)
    return new Promise((resolve, reject) => {
      const request = work(tx)
      tx.oncomplete = () => resolve(request?.result ?? null)
      tx.onabort = tx.onerror = () => reject(tx.error ?? new Error('IndexedDB'))
    })
  }

  private async meta<T>(key: string): Promise<T | null> {
    return (await this.run(['meta'], 'readonly', (tx) => tx.objectStore('meta').get(key))) as T | null
  }

  private async put(key: string, value: unknown): Promise<void> {
    await this.run(['meta'], 'readwrite', (tx) => tx.objectStore('meta').put(value, key))
  }

  async load(): Promise<Kept> {
    let deviceId = await this.meta<string>('device')
    if (deviceId === null) {
      deviceId = this.newId()
      await this.put('device', deviceId)
    }
    return {
      deviceId,
      view: await this.meta<CrewView>('view'),
      syncedAt: await this.meta<number>('synced'),
      mark: await this.meta<string>('mark'),
    }
  }

  async keepView(view: CrewView | null): Promise<void> {
    await this.put('view', view)
  }

  async keepMark(mark: string): Promise<void> {
    await this.put('mark', mark)
  }

  async keepSynced(at: number): Promise<void> {
    await this.put('synced', at)
  }

  async add(linkId: string, entry: Omit<CrewEntry, 'seq'>): Promise<CrewEntry> {
    const tx = (await this.open()).transaction(['meta', 'entries'], 'readwrite')
    return new Promise((resolve, reject) => {
      const counter = tx.objectStore('meta').get(`seq:${linkId}`)
      let numbered: CrewEntry | null = null
      counter.onsuccess = () => {
        const seq = ((counter.result as number | undefined) ?? 0) + 1
        numbered = { ...entry, seq }
        tx.objectStore('meta').put(seq, `seq:${linkId}`)
        tx.objectStore('entries').add({ linkId, seq, entry: numbered } satisfies EntryRecord)
      }
      tx.oncomplete = () => (numbered === null ? reject(new Error('IndexedDB')) : resolve(numbered))
      tx.onabort = tx.onerror = () => reject(tx.error ?? new Error('IndexedDB'))
    })
  }

  private async records(): Promise<EntryRecord[]> {
    const found = await this.run(['entries'], 'readonly', (tx) => tx.objectStore('entries').getAll())
    return (found ?? []) as EntryRecord[]
  }

  async entries(linkId: string): Promise<CrewEntry[]> {
    const mine = (await this.records()).filter((record) => record.linkId === linkId)
    return mine.map((record) => record.entry).sort((a, b) => a.seq - b.seq)
  }

  async strayed(linkId: string): Promise<number> {
    return (await this.records()).filter((record) => record.linkId !== linkId).length
  }

  async forget(linkId: string, ids: readonly string[]): Promise<void> {
    const done = new Set(ids)
    const gone = (await this.entries(linkId)).filter((entry) => done.has(entry.id))
    await this.run(['entries'], 'readwrite', (tx) => {
      for (const entry of gone) tx.objectStore('entries').delete([linkId, entry.seq])
      return null
    })
  }

  async addFix(fix: CrewFix): Promise<void> {
    await this.run(['fixes'], 'readwrite', (tx) => tx.objectStore('fixes').put(fix))
  }

  async fixes(limit: number): Promise<CrewFix[]> {
    const found = await this.run(['fixes'], 'readonly', (tx) => tx.objectStore('fixes').getAll(null, limit))
    return (found ?? []) as CrewFix[]
  }

  async forgetFixes(upTo: string): Promise<void> {
    await this.run(['fixes'], 'readwrite', (tx) => {
      tx.objectStore('fixes').delete(IDBKeyRange.upperBound(upTo))
      return null
    })
  }
}
