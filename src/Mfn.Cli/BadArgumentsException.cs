namespace Mfn.Cli;

/// <summary>Arguments that are each well formed, but cannot be used.</summary>
internal sealed class BadArgumentsException(string message) : Exception(message);
