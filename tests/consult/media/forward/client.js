// A client in one page, as small as the protocol allows; the tests drive it.
window.room = {
  async join(ticket) {
    this.frames = []; this.bye = null; this.people = []; this.sent = 0; this.seen = 0; this.tracks = {};
    this.socket = new WebSocket(ticket.url, ["yunshang.media.v1"]);
    this.publish = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    this.subscribe = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    for (const [of, pc] of [["publish", this.publish], ["subscribe", this.subscribe]]) {
      pc.onicecandidate = (event) =>
        event.candidate &&
        this.say({ type: "candidate", of, candidate: event.candidate.candidate, mid: event.candidate.sdpMid });
    }
    this.subscribe.ontrack = (event) => {
      const element = document.createElement(event.track.kind);
      element.autoplay = true; element.muted = true;
      element.srcObject = new MediaStream([event.track]);
      document.body.append(element);
    };
    this.socket.onmessage = (event) => this.heard(JSON.parse(event.data));
    await new Promise((opened, failed) => { this.socket.onopen = opened; this.socket.onerror = failed; });
    this.socket.send(JSON.stringify({ type: "join", token: ticket.token }));
    await this.until(() => this.welcome || this.bye);
    if (this.bye) return this.bye;
    this.media = this.media ?? (await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 640, height: 480, frameRate: 15 } }));
    const [audio] = this.media.getAudioTracks(), [video] = this.media.getVideoTracks();
    const sound = this.publish.addTransceiver(audio, { direction: "sendonly" });
    const codecs = RTCRtpSender.getCapabilities("audio").codecs;
    const red = codecs.filter((codec) => codec.mimeType === "audio/red");
    sound.setCodecPreferences([...red, ...codecs.filter((codec) => codec.mimeType === "audio/opus")]);
    const picture = this.publish.addTransceiver(video, {
      direction: "sendonly",
      sendEncodings: [
        { rid: "l", scaleResolutionDownBy: 2, maxBitrate: 150000 },
        { rid: "h", maxBitrate: 600000 },
      ],
    });
    const vp8 = RTCRtpSender.getCapabilities("video").codecs;
    picture.setCodecPreferences(vp8.filter((codec) => ["video/VP8", "video/rtx"].includes(codec.mimeType)));
    await this.publish.setLocalDescription();
    this.say({
      type: "publish", n: 1, sdp: this.publish.localDescription.sdp,
      sources: { [sound.mid]: "microphone", [picture.mid]: "camera" },
    });
    return "welcome";
  },
  say(body) {
    this.sent += 1;
    this.socket.send(JSON.stringify({ seq: this.sent, ack: this.seen, body }));
  },
  async heard(frame) {
    if (frame.type === "welcome") { this.welcome = frame; return; }
    if (frame.type === "bye") { this.bye = frame.code; return; }
    if (!frame.body || frame.seq <= this.seen) return;
    this.seen = frame.seq;
    const body = frame.body;
    this.frames.push(body.type);
    if (body.type === "people") this.people = body.people;
    if (body.type === "quality") this.quality = body.people;
    if (body.type === "bye") this.bye = body.code;
    if (body.type === "answer") await this.publish.setRemoteDescription({ type: "answer", sdp: body.sdp });
    if (body.type === "offer") {
      this.tracks = body.tracks;
      await this.subscribe.setRemoteDescription({ type: "offer", sdp: body.sdp });
      await this.subscribe.setLocalDescription();
      this.say({ type: "answer", n: body.n, sdp: this.subscribe.localDescription.sdp });
    }
  },
  async until(condition) {
    while (!condition()) await new Promise((again) => setTimeout(again, 20));
  },
  async numbers() {
    const found = { frames: 0, width: 0, sound: 0, out: {}, };
    const inbound = await this.subscribe.getStats();
    inbound.forEach((entry) => {
      if (entry.type !== "inbound-rtp") return;
      if (entry.kind === "video") { found.frames += entry.framesDecoded ?? 0; found.width = entry.frameWidth ?? 0; }
      if (entry.kind === "audio") {
        found.sound += entry.packetsReceived ?? 0;
      }
    });
    (await this.publish.getStats()).forEach((entry) => {
      if (entry.type === "outbound-rtp" && entry.kind === "video") found.out[entry.rid ?? ""] = entry.framesSent ?? 0;
    });
    return found;
  },
  leave() {
    for (const pc of [this.publish, this.subscribe]) pc?.close();
    this.socket?.close(); this.welcome = null;
    document.querySelectorAll("video, audio").forEach((element) => element.remove());
  },
};
