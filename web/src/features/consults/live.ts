/** Which news of the stream make a list of consultations worth asking for again. */
import type { StreamMessage } from '@/stream/socket'

export function aboutConsults(message: StreamMessage): boolean {
  return message.type === 'case' || (message.type === 'item' && String(message.data['code'] ?? message.data['event'] ?? '').startsWith('consult.'))
}
