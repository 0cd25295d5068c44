using System.Globalization;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Mfn.Benchmarks;
using Mfn.Benchmarks.Pricing;
using Mfn.Benchmarks.Quotas;
using Mfn.Benchmarks.Serving;
using Mfn.Benchmarks.Watching;

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

if (args is ["gate-servers", var gateFolder])
{
    await GateMeasurement.ServeAsync(gateFolder);
    return;
}

if (args is ["gate", .. var turns])
{
    await GateMeasurement.RunAsync(int.Parse(turns.FirstOrDefault("600"), CultureInfo.InvariantCulture), Console.Out);
    return;
}

if (args is ["outage", var tracedServer])
{
    await OutageMeasurement.RunAsync(tracedServer, Console.Out);
    return;
}

if (args is ["serve-empty"])
{
    await RestMeasurement.ServeEmptyAsync();
    return;
}

if (args is ["rest", var restServer, .. var restTurns])
{
    await RestMeasurement.RunAsync(restServer, int.Parse(restTurns.FirstOrDefault("200"), CultureInfo.InvariantCulture), Console.Out);
    return;
}

if (args is ["observation-memory"])
{
    await ObservationMeasurement.MeasureMemoryAsync(Console.Out);
    return;
}

if (args is ["observation", var observedServer, .. var observedTurns])
{
    await ObservationMeasurement.RunAsync(observedServer, int.Parse(observedTurns.FirstOrDefault("600"), CultureInfo.InvariantCulture), Console.Out);
    return;
}

if (args is ["pace", var audience, var runUrl, var runServerId, var seconds, var rounds])
{
    await PaceMeasurement.RunAsync(
        audience,
        new Uri(runUrl),
        int.Parse(runServerId, CultureInfo.InvariantCulture),
        double.Parse(seconds, CultureInfo.InvariantCulture),
        int.Parse(rounds, CultureInfo.InvariantCulture));
    return;
}

if (args is ["predict", var predictUrl, var seed, var calibrationCount, var count])
{
    await PredictionMeasurement.RunAsync(
        new Uri(predictUrl),
        int.Parse(seed, CultureInfo.InvariantCulture),
        int.Parse(calibrationCount, CultureInfo.InvariantCulture),
        int.Parse(count, CultureInfo.InvariantCulture));
    return;
}

if (args is ["fairness", var fairUrl, var calmKey, var floodKey, var turnSeconds, var turnCount])
{
    await FairnessMeasurement.RunAsync(
        new Uri(fairUrl), calmKey, floodKey, TimeSpan.FromSeconds(double.Parse(turnSeconds, CultureInfo.InvariantCulture)), int.Parse(turnCount, CultureInfo.InvariantCulture));
    return;
}

if (args is ["flood", var floodUrl, var itsKey])
{
    await FairnessMeasurement.FloodAsync(new Uri(floodUrl), itsKey);
    return;
}

if (args is ["watch", var measurement, var url, var serverId, .. var numbers])
{
    await WatchMeasurements.RunAsync(measurement, new Uri(url), int.Parse(serverId, CultureInfo.InvariantCulture), numbers);
    return;
}

if (args is ["web-fan-out", var fanOutServer, var fanOutCount, var fanOutSeconds])
{
    await WebFanOutMeasurement.RunAsync(fanOutServer, int.Parse(fanOutCount, CultureInfo.InvariantCulture), double.Parse(fanOutSeconds, CultureInfo.InvariantCulture));
    return;
}

// In this process: the project that BenchmarkDotNet writes for another one cannot build the contracts.
var inProcess = DefaultConfig.Instance.AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance));
BenchmarkSwitcher.FromAssembly(typeof(QuickMode).Assembly).Run(args, inProcess);
