import userEvent from '@testing-library/user-event'
import { encode } from 'uqr'
import { describe, expect, it, vi } from 'vitest'

import { axeViolations, renderPage } from '@/testing/page'

import WristbandCode from './WristbandCode.vue'

const page = { components: { WristbandCode }, template: '<main><WristbandCode pregnancy-id="0198-7" name="苏*" :gestation-days="268" /></main>' }

describe('the code of a wristband', () => {
  it('holds the pregnancy and no name, and is printed', async () => {
    const print = vi.spyOn(window, 'print').mockImplementation(() => undefined)
    const view = await renderPage(page, { path: '/', answers: {} })
    await userEvent.click(view.getByText(/腕带码/))
    const code = await view.findByLabelText('苏* 的腕带码')
    const size = encode('yunshang:pregnancy:0198-7', { ecc: 'M', border: 3 }).size
    expect(code.getAttribute('viewBox')).toBe(`0 0 ${size} ${size}`)
    await userEvent.click(view.getByText('打印'))
    expect(print).toHaveBeenCalledOnce()
    expect(await axeViolations(view.container)).toEqual([])
  })
})
