using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Mfn.Benchmarks;
using Mfn.Benchmarks.Serving;

if (args is ["quick", .. var filter])
{
    QuickMode.Run(filter.FirstOrDefault(""), Console.Out);
    return;
}

if (args is ["serve-peer", var port])
{
    await PeerServer.ServeAsync(port);
    return;
}

// In this process: the project that BenchmarkDotNet writes for another one cannot build the contracts.
var inProcess = DefaultConfig.Instance.AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance));
BenchmarkSwitcher.FromAssembly(typeof(QuickMode).Assembly).Run(args, inProcess);
