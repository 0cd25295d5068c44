using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mfn.Benchmarks.Serving;

/// <summary>What a call by HTTP costs: the rate of `POST /nernst`, and of the same by REST, to that of minimal endpoints of ASP.NET Core that answer the same and do nothing.</summary>
internal static class RestMeasurement
{
    private const int Port = 19680;
    private const string ReferencePath = "/nernst";
    private const string RestPath = "/v1/membrane:computeNernstPotential";
    private const string BoundPath = "/bound";
    private const string Ion = """{"z_valence":1,"concentration_out_molar":0.005,"concentration_in_molar":0.14,"temperature_k":310.0}""";
    private const string RestIon = """{"valence":1,"outside_molar":0.005,"inside_molar":0.14,"temperature_kelvin":310.0}""";

    private const double Potential = -89.01066911987907;

    /// <summary>Serves endpoints that compute nothing: one that looks at nothing, and one that reads the body.</summary>
    public static async Task ServeEmptyAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        await using var app = builder.Build();
        app.MapPost(ReferencePath, () => new Answer(Potential));
        app.MapPost(BoundPath, (Request ion) => new Answer(ion.z_valence == 1 ? Potential : 0));
        await app.StartAsync();
        Console.WriteLine($"Listening on {app.Urls.Single()}");
        await app.WaitForShutdownAsync();
    }

    /// <param name="server">The path of mfn.dll.</param>
    /// <param name="rounds">Turns of each side.</param>
    /// <param name="output">Gets a line of JSON for each side.</param>
    public static async Task RunAsync(string server, int rounds, TextWriter output)
    {
        RateTurns.KeepOffServers();
        using var empty = RateTurns.StartServers(["dotnet", typeof(RestMeasurement).Assembly.Location, "serve-empty"]);
        var url = new Uri($"http://127.0.0.1:{Port}");
        using var own = RateTurns.StartServers(
            ["dotnet", server, "serve", "--urls", "http://127.0.0.1:0"],
            new Dictionary<string, string> { ["MFN_Metrics__Url"] = "off", ["MFN_Web__Url"] = url.OriginalString, ["MFN_Logging__LogLevel__Default"] = "Warning" });
        var sides = new List<IRateSide>();
        try
        {
            var line = await empty.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The server has ended.");
            var emptyUrl = new Uri(line["Listening on ".Length..]);
            var endpoint = await RawHttpSide.ConnectAsync("empty", emptyUrl, empty.Id, ReferencePath, Ion);
            var reference = await RawHttpSide.ConnectAsync("nernst", url, own.Id, ReferencePath, Ion);
            sides.AddRange(
                endpoint,
                await RawHttpSide.ConnectAsync("bound", emptyUrl, empty.Id, BoundPath, Ion),
                reference,
                await RawHttpSide.ConnectAsync("rest", url, own.Id, RestPath, RestIon));

            // The empty one's comes in a chunk.
            if (await endpoint.AskAsync() is var same && await reference.AskAsync() is var other && !same.Contains(other, StringComparison.Ordinal))
            {
                throw new InvalidOperationException($"The answers differ: {same} and {other}.");
            }

            await RateTurns.MeasureAsync("rest", sides, rounds, output);
        }
        finally
        {
            sides.ForEach(side => side.Dispose());
            await EndAsync(own);
            await EndAsync(empty);
        }
    }

    private static async Task EndAsync(Process process)
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    private sealed record Answer(double potential_mV);

    private sealed record Request(double concentration_out_molar, double concentration_in_molar, int z_valence = 1, double temperature_k = 310);
}
