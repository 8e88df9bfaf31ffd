// The application of ../peers/socket-io.ts with one changed import. Listeners have narrower types there.
import { Server } from '@parley/socket.io'
import { type ServerClass, serveRooms } from '../servers/rooms.ts'

serveRooms(Server as unknown as ServerClass)
