import { beforeEach, describe, expect, it, vi } from 'vitest'

import type { Source, ToWorker } from './messages'
import { Peers } from './peers'

/** As Chromium: an offer without a stream is refused. */
class Connection extends EventTarget {
  signalingState: RTCSignalingState = 'stable'
  connectionState: RTCPeerConnectionState = 'new'
  localDescription: { sdp: string } | null = null
  private readonly lines: { mid: string | null; setCodecPreferences(): void }[] = []
  getTransceivers(): unknown[] {
    return this.lines
  }
  addTransceiver(): unknown {
    const made = { mid: String(this.lines.length), setCodecPreferences: () => undefined }
    this.lines.push(made)
    return made
  }
  setLocalDescription(): Promise<void> {
    if (this.lines.length === 0) return Promise.reject(new DOMException('no BUNDLE group', 'OperationError'))
    this.localDescription = { sdp: `${this.lines.length} lines` }
    return Promise.resolve()
  }
  close(): void {
    this.signalingState = 'closed'
  }
}

const said: ToWorker[] = []
const broken = vi.fn()

function peers(): Peers {
  return new Peers([], (message) => said.push(message), () => undefined, broken)
}

beforeEach(() => {
  said.length = 0
  broken.mockClear()
  vi.stubGlobal('RTCPeerConnection', Connection)
  vi.stubGlobal('RTCRtpSender', { getCapabilities: () => null })
})

/** All that was promised has happened; nothing here takes time. */
const settled = () => new Promise((done) => setTimeout(done))

const tracks = new Map<Source, MediaStreamTrack>([['microphone', {} as MediaStreamTrack]])

describe('the two connections of a client', () => {
  it('offers nothing while there is nothing to send, and then what there is', async () => {
    const both = peers()
    both.send(new Map())
    await settled()
    expect(said).toEqual([])
    both.send(tracks)
    await settled()
    expect(said).toEqual([{ type: 'publish', n: 1, sdp: '1 lines', sources: { 0: 'microphone' } }])
    expect(broken).not.toHaveBeenCalled()
  })

  it('makes a new line when the browser refuses an offer, and none once it is closed', async () => {
    vi.spyOn(Connection.prototype, 'setLocalDescription').mockRejectedValue(new Error('refused'))
    peers().send(tracks)
    await settled()
    const closed = peers()
    closed.close()
    closed.send(tracks)
    await settled()
    expect(broken).toHaveBeenCalledTimes(1)
  })
})
