using BenchmarkDotNet.Running;
using Mfn.Benchmarks;

if (args is ["quick", .. var filter])
{
    QuickMode.Run(filter.FirstOrDefault(""), Console.Out);
    return;
}

BenchmarkSwitcher.FromAssembly(typeof(QuickMode).Assembly).Run(args);
