import { screen } from '@testing-library/vue'
import userEvent from '@testing-library/user-event'
import { expect, it, vi } from 'vitest'
import { h } from 'vue'

import { api } from '@/api/client'
import { Problem } from '@/api/problem'
import { renderPage } from '@/testing/page'

import type { Recording } from '../types'
import BindDialog from './BindDialog.vue'

const RECORDING = { id: 'r1', version: 3, bed: '3 床', device: 'FM-3', device_name: '胎监 3', unit: '产房', pregnancy_id: null, fetuses: [{ channel: 'fhr1', label: 'A' }] } as unknown as Recording
const HERS = { patient_id: 'p', pregnancy_id: 'g', name: '演示甲', age: 30, gestation_days: 268 }

it('says why a wristband was not given to her, and binds nothing', async () => {
  const sent: string[] = []
  vi.spyOn(api, 'submission').mockImplementation((path) => {
    const send = (): Promise<never> => {
      sent.push(path)
      return Promise.reject(new Problem({ code: 'kernel.unavailable', zh: { title: '暂时无法记录', detail: '请稍后再试' } }, 503))
    }
    return { key: 'k', send } as never
  })
  vi.spyOn(api, 'post').mockRejectedValue(new Problem({ code: 'ctg.wristband_unknown' }, 404))
  const bound = vi.fn()
  await renderPage({ render: () => h(BindDialog, { recording: RECORDING, onBound: bound }) }, { path: '/', answers: { '/api/patients': [HERS] } })
  await userEvent.type(screen.getByLabelText(/腕带/), 'BAND-7{Enter}')
  await userEvent.type(screen.getByRole('searchbox'), '演示{Enter}')
  await userEvent.click(await screen.findByRole('button', { name: /演示甲/ }))
  expect(screen.getByRole<HTMLInputElement>('checkbox').checked).toBe(true)
  await userEvent.click(screen.getByRole('button', { name: /绑定/ }))
  expect(await screen.findByText('暂时无法记录')).toBeTruthy()
  expect(sent).toEqual(['/api/ctg/wristbands'])
  expect(bound).not.toHaveBeenCalled()
})
