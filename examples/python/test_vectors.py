"""Runs the protocol's test vectors against the client: python3 -m unittest test_vectors (in this folder)."""
import json, os, pathlib, tempfile, unittest
from parley_client import Ended, Journal

folder = pathlib.Path(__file__).resolve().parent / "../../packages/protocol/vectors"

def vectors(name):
    return json.loads((folder / f"{name}.json").read_text("utf-8"))

class Following(unittest.TestCase):
    def journal(self, epoch, offset):
        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        self.out = os.path.join(home.name, "out")
        journal = Journal(os.path.join(home.name, "state"), self.out)
        self.addCleanup(journal.out.close)
        journal.save([], {"epoch": epoch, "offset": offset})
        return journal

    def written(self):
        with open(self.out) as file:
            return [json.loads(line) for line in file]

    def test_positions(self):
        for case in vectors("positions")["sequences"]:
            with self.subTest(case["name"]):
                journal, gap = self.journal("e", case["start"]), None
                for index, frame in enumerate(case["frames"]):
                    try:
                        journal.take(frame)
                    except Ended:
                        gap = index
                        break
                self.assertEqual([event["offset"] for event in self.written()], case["delivered"])
                self.assertEqual((journal.position["offset"], gap), (case["position"], case.get("gap")))

    def test_events(self):
        for case in vectors("events")["frames"]:
            with self.subTest(case["name"]):
                self.journal(case["epoch"], case["frame"]["prev"]).take(case["frame"])
                events = [{**event, "channel": case["frame"]["channel"]} for event in self.written()]
                self.assertEqual(events, case["events"])

if __name__ == "__main__":
    unittest.main()
