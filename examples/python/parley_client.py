"""A Parley client from the Python standard library (3.9+) and PROTOCOL.md alone; README.md explains the files."""
import argparse, base64, hashlib, http.client, json, os, pathlib, random, struct, sys, time, urllib.parse, uuid

class Ended(Exception):
    """The connection is over: (why, what to do: stop, refresh or reconnect, wait so many ms before)."""

def by_error(error):
    verdict = "refresh" if error["code"] == "token_expired" else "reconnect" if error["retryable"] else "stop"
    return Ended(f'{error["code"]}: {error["message"]}', verdict, error.get("retryAfterMs", 0))

class WebSocket:
    """The client's side of RFC 6455: text messages, pings, closes."""
    def __init__(self, url):
        to, key = urllib.parse.urlsplit(url), base64.b64encode(os.urandom(16)).decode()
        connect = http.client.HTTPSConnection if to.scheme == "wss" else http.client.HTTPConnection
        self.http = connect(to.netloc, timeout=10)
        self.http.request("GET", to.path or "/realtime", headers={
            "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": key, "Sec-WebSocket-Protocol": "parley.v1.json"})
        answer = self.http.getresponse()
        if answer.status != 101:
            raise by_error(json.loads(answer.read()))
        digest = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        if answer.headers["Sec-WebSocket-Accept"] != base64.b64encode(digest).decode():
            raise Ended("This is no WebSocket server.", "stop", 0)
        self.sock, self.file = self.http.sock, answer.fp
    def send(self, payload, opcode=1):
        size, mask = len(payload), os.urandom(4)
        length = bytes([128 | size]) if size < 126 else struct.pack("!BH", 254, size)
        masked = bytes(byte ^ mask[index & 3] for index, byte in enumerate(payload))
        self.sock.sendall(bytes([128 | opcode]) + length + mask + masked)
    def read(self, size):
        data = self.file.read(size)
        if len(data) < size:
            raise Ended("The connection broke.", "reconnect", 0)
        return data
    def message(self):
        text = b""
        while True:
            first, size = self.read(2)
            if size > 125:
                size = int.from_bytes(self.read(2 if size == 126 else 8), "big")
            payload, opcode = self.read(size), first & 15
            if opcode == 8:
                code = int.from_bytes(payload[:2], "big")
                verdict = "stop" if 4000 <= code <= 4099 else "refresh" if 4100 <= code <= 4199 else "reconnect"
                raise Ended(f"The server closed: {code} {payload[2:].decode()}", verdict, 0)
            if opcode == 9:
                self.send(payload, 10)
            elif opcode < 3:
                text += payload
                if first & 128:
                    return text.decode()

class Connection:
    """A connected session: requests out, frames in (PROTOCOL.md §3, §4, §10)."""
    def __init__(self, url, token):
        self.ws, self.id, self.pieces = WebSocket(url), 0, []
        ok = self.reply(self.request("connect", token=token, versions=[1], client={"name": "parley-python"}))
        # A server that is not heard for so long is gone.
        self.ws.sock.settimeout((ok["pingIntervalMs"] + ok["pingTimeoutMs"]) / 1000 + 5)
    def request(self, op, **fields):
        self.id += 1
        self.ws.send(json.dumps({"op": op, "id": self.id, **fields}).encode())
        return self.id
    def reply(self, id):
        return next(frame["ok"] for frame in self.frames() if frame["op"] == "reply" and frame["id"] == id)
    def frames(self):
        while True:
            for frame in map(json.loads, filter(None, self.ws.message().split("\n"))):
                if frame["op"] == "chunk":
                    self.pieces = (self.pieces if frame["index"] else []) + [frame["data"]]
                    if len(self.pieces) < frame["of"]:
                        continue
                    frame = json.loads("".join(self.pieces))
                if frame["op"] == "ping":
                    self.ws.send(b'{"op":"pong"}')
                elif frame["op"] == "goaway":
                    wait_ms = frame["retryAfterMs"] + random.random() * frame["spreadMs"]
                    raise Ended("The server goes away.", "reconnect", wait_ms)
                elif frame["op"] == "unsubscribed":
                    raise Ended(frame["message"], "reconnect" if frame["resubscribe"] else "stop", 0)
                elif frame["op"] == "reply" and "error" in frame:
                    raise by_error(frame["error"])
                yield frame

class Journal:
    """Where the client stands. Events go out first, then the position is written, in one step."""
    def __init__(self, state, out):
        saved = json.loads(pathlib.Path(state).read_text()) if os.path.exists(state) else {}
        self.state, self.position = state, saved.get("position")
        self.out = open(out, "ab") if out else sys.stdout.buffer
        if out and "bytes" in saved:  # what was written after the last position comes again
            self.out.truncate(min(saved["bytes"], self.out.tell()))
    def save(self, events, position):
        self.out.write("".join(json.dumps(event) + "\n" for event in events).encode())
        self.out.flush()
        size = {} if self.out is sys.stdout.buffer else {"bytes": self.out.tell()}
        pathlib.Path(self.state + ".new").write_text(json.dumps({"position": position, **size}))
        os.replace(self.state + ".new", self.state)
        self.position = position
    def take(self, frame):
        """Saves what is new in an `events` or `dropped` frame, with what the wire leaves out (§6.2, §6.3)."""
        epoch, here = self.position["epoch"], self.position["offset"]
        prev, end, at, fresh = frame.get("prev", here), frame.get("position", frame.get("to")), frame.get("at"), []
        if prev > here:
            raise Ended("There is a gap: the server is asked again from the position held.", "reconnect", 0)
        for event in frame.get("events", ()):
            prev, at = event.get("offset", prev + 1), event.get("at", at)
            fresh += [{"id": f"{epoch}-{prev}", **event, "offset": prev, "at": at}] if prev > here else []
        if end > here:
            self.save(fresh, {"epoch": epoch, "offset": end})

def listen(connection, channel, journal):
    held = {"from": journal.position} if journal.position else {}
    ok = connection.reply(connection.request("subscribe", channel=channel, **held))
    if ok.get("recovered") is False:
        print(f'Not recovered: {ok["reason"]}. Load a snapshot.', file=sys.stderr)
    journal.save([], ok["position"])
    for frame in connection.frames():
        if frame["op"] in ("events", "dropped"):
            journal.take(frame)

def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=["listen", "publish"])
    options = {"url": None, "channel": None, "--token-file": "token", "--state": "parley.state", "--out": None,
               "--type": "message", "--data": "null", "--key": str(uuid.uuid4())}
    for name, default in options.items():
        parser.add_argument(name, default=default)
    args, attempt = parser.parse_args(), 0
    event = {"channel": args.channel, "type": args.type, "data": json.loads(args.data)}
    journal = Journal(args.state, args.out) if args.action == "listen" else None
    while True:
        try:
            connection, attempt = Connection(args.url, pathlib.Path(args.token_file).read_text().strip()), 0
            if journal:
                listen(connection, args.channel, journal)
            call = connection.request("call", command="channels.publish", input=event, key=args.key)
            return print(json.dumps(connection.reply(call)))
        except (OSError, ValueError, http.client.HTTPException, Ended) as end:
            why, verdict, wait_ms = end.args if isinstance(end, Ended) else (end, "reconnect", 0)
            print(why, file=sys.stderr)
            if verdict == "stop":
                sys.exit(1)
            attempt += 1
            time.sleep(wait_ms / 1000 + random.random() * min(20, 0.25 * 2 ** attempt))

if __name__ == "__main__":
    main()
