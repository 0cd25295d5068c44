using System.Globalization;

namespace Mfn.Benchmarks.Watching;

/// <summary>What Linux tells about the server's process.</summary>
internal sealed class ServerProcess(int id)
{
    private const double TicksPerSecond = 100.0;
    private const double NanosecondsPerSecond = 1e9;
    private const int UserTimeAfterName = 11;

    /// <summary>Seconds of processor time so far, its own and the kernel's for it.</summary>
    public double ProcessorSeconds
    {
        get
        {
            // The name, which may have blanks, ends with the last bracket.
            var stat = File.ReadAllText($"/proc/{id}/stat");
            var numbers = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return (Parse(numbers[UserTimeAfterName]) + Parse(numbers[UserTimeAfterName + 1])) / TicksPerSecond;
        }
    }

    /// <summary>Seconds of processor time so far of the threads that take the steps of runs.</summary>
    public double StepThreadsSeconds => Directory.EnumerateDirectories($"/proc/{id}/task")
        .Where(thread => File.ReadAllText($"{thread}/comm").StartsWith("mfn-compute", StringComparison.Ordinal))
        .Sum(thread => Parse(File.ReadAllText($"{thread}/schedstat").Split(' ')[0]) / NanosecondsPerSecond);

    /// <summary>Resident bytes now.</summary>
    public long ResidentBytes => Read("VmRSS:");

    /// <summary>The most resident bytes so far.</summary>
    public long PeakBytes => Read("VmHWM:");

    private static long Parse(string number) => long.Parse(number, CultureInfo.InvariantCulture);

    private long Read(string name)
    {
        var line = File.ReadLines($"/proc/{id}/status").First(line => line.StartsWith(name, StringComparison.Ordinal));
        return 1024 * Parse(line[name.Length..].Trim().Split(' ')[0]);
    }
}
