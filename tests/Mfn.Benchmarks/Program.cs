using BenchmarkDotNet.Running;
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

BenchmarkSwitcher.FromAssembly(typeof(QuickMode).Assembly).Run(args);
