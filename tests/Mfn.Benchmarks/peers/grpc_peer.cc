// C++ gRPC peer: server and load client for peer.proto, to compare servers with one client in one run.
// Debian: apt-get install libgrpc++-dev protobuf-compiler-grpc protobuf-compiler libprotobuf-dev
// Build:  ../compare-serving does it, and runs both parts:
//         grpc_peer serve PORT              on 127.0.0.1, until SIGTERM
//         grpc_peer bench PORT NAME CALL    CALL is unary-WORKERS or stream-BYTES; prints one JSON line; bounded: about 2 s
#include <grpcpp/grpcpp.h>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>
#include "peer.grpc.pb.h"

using Clock = std::chrono::steady_clock;
static double since(Clock::time_point t) { return std::chrono::duration<double>(Clock::now() - t).count(); }

class Service final : public peer::Peer::Service {
  grpc::Status Unary(grpc::ServerContext*, const peer::Blob* in, peer::Blob* out) override {
    *out = *in;
    return grpc::Status::OK;
  }
  grpc::Status Stream(grpc::ServerContext*, const peer::StreamRequest* r, grpc::ServerWriter<peer::Blob>* w) override {
    peer::Blob b;
    b.mutable_data()->assign(r->size(), 'x');
    for (uint32_t i = 0; i < r->count(); i++)
      if (!w->Write(b)) return grpc::Status::CANCELLED;
    return grpc::Status::OK;
  }
};

static std::unique_ptr<peer::Peer::Stub> stub(const std::string& address) {
  grpc::ChannelArguments a;
  a.SetMaxReceiveMessageSize(64 << 20);
  a.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return peer::Peer::NewStub(grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), a));
}

static void unary(const std::string& address, const char* name, int workers, size_t size) {
  std::vector<std::vector<double>> latencies(workers);
  std::vector<std::thread> threads;
  auto start = Clock::now();
  for (int k = 0; k < workers; k++)
    threads.emplace_back([&, k] {
      auto s = stub(address);
      peer::Blob in, out;
      in.mutable_data()->assign(size, 'y');
      for (int warm = 0; warm < 50; warm++) { grpc::ClientContext c; s->Unary(&c, in, &out); }
      while (since(start) < 2.5) {
        grpc::ClientContext c;
        auto t = Clock::now();
        if (!s->Unary(&c, in, &out).ok()) return;
        latencies[k].push_back(since(t));
      }
    });
  for (auto& t : threads) t.join();
  std::vector<double> all;
  for (auto& l : latencies) all.insert(all.end(), l.begin(), l.end());
  if (all.empty()) { std::printf("{\"server\":\"%s\",\"call\":\"unary\",\"error\":true}\n", name); return; }
  std::sort(all.begin(), all.end());
  std::printf("{\"server\":\"%s\",\"call\":\"unary\",\"workers\":%d,\"size\":%zu,\"per_second\":%.0f,\"p50_us\":%.0f,\"p99_us\":%.0f}\n", name, workers, size,
              all.size() / since(start), all[all.size() / 2] * 1e6, all[all.size() * 99 / 100] * 1e6);
}

static void stream(const std::string& address, const char* name, uint32_t size) {
  auto s = stub(address);
  double best = 0;
  uint32_t count = (512u << 20) / size;
  for (int rep = 0; rep < 4; rep++) {
    grpc::ClientContext c;
    peer::StreamRequest r;
    r.set_count(count);
    r.set_size(size);
    peer::Blob b;
    auto t = Clock::now();
    auto reader = s->Stream(&c, r);
    uint64_t bytes = 0;
    while (reader->Read(&b)) bytes += b.data().size();
    if (!reader->Finish().ok()) { std::printf("{\"server\":\"%s\",\"call\":\"stream\",\"error\":true}\n", name); return; }
    if (rep > 0) best = std::max(best, bytes / since(t));
  }
  std::printf("{\"server\":\"%s\",\"call\":\"stream\",\"size\":%u,\"bytes_per_second\":%.0f}\n", name, size, best);
}

int main(int argc, char** argv) {
  if (argc >= 3 && std::string(argv[1]) == "serve") {
    Service service;
    grpc::ServerBuilder b;
    b.SetMaxReceiveMessageSize(64 << 20);
    b.AddListeningPort(std::string("127.0.0.1:") + argv[2], grpc::InsecureServerCredentials());
    b.RegisterService(&service);
    b.BuildAndStart()->Wait();
    return 0;
  }
  if (argc == 5 && std::string(argv[1]) == "bench") {
    std::string address = std::string("127.0.0.1:") + argv[2], call = argv[4];
    if (call.rfind("unary-", 0) == 0) return unary(address, argv[3], std::stoi(call.substr(6)), 64), 0;
    if (call.rfind("stream-", 0) == 0) return stream(address, argv[3], std::stoul(call.substr(7))), 0;
  }
  std::fprintf(stderr, "usage: grpc_peer serve PORT | bench PORT NAME unary-WORKERS|stream-BYTES\n");
  return 2;
}
