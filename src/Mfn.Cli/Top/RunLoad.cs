using Mfn.Contracts.V1;

namespace Mfn.Cli.Top;

/// <summary>A live run, and how fast it goes.</summary>
/// <param name="Run">The run.</param>
/// <param name="StepsPerSecond">Since it was looked at before; null if it was not.</param>
internal sealed record RunLoad(Run Run, double? StepsPerSecond);
