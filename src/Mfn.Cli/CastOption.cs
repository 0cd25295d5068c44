using System.CommandLine;

namespace Mfn.Cli;

/// <summary><c>--cast</c>, of every command that reads arrays.</summary>
internal static class CastOption
{
    public static Option<bool> Create() => new("--cast")
    {
        Description = "Take integers and booleans in the file as the numbers that they are, those of 64 bits rounded to float64. Default: refuse them.",
    };
}
