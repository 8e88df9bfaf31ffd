import { Server } from 'socket.io'
import { serveRooms } from '../servers/rooms.ts'

serveRooms(Server)
