import { describeOverlay } from './overlay-contract.js'
import { libp2pFleet } from './overlay-fleet.js'

describeOverlay('libp2p', async () => libp2pFleet())
