namespace Mfn.Cli.Top;

/// <summary>How a method is called.</summary>
/// <param name="Service">Its service.</param>
/// <param name="Method">Its name.</param>
/// <param name="Calls">Calls that end, by the second; null if that is not known.</param>
/// <param name="Failed">Those of them that fail through the server.</param>
/// <param name="Open">Calls under way.</param>
/// <param name="Time">The 99th percentile of how long they take, in seconds; null of streams, and if none has ended.</param>
internal sealed record MethodLoad(string Service, string Method, double? Calls, double? Failed, double Open, double? Time);
