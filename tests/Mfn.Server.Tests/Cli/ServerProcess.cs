using Grpc.Net.Client;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Cli;

/// <summary><c>mfn serve</c> in a process of its own, and a plain gRPC channel to it.</summary>
internal sealed class ServerProcess : IDisposable
{
    private const string Greeting = "Listening on ";

    private readonly MfnProcess _process;
    private readonly GrpcChannel _channel;

    private ServerProcess(MfnProcess process, string address)
    {
        _process = process;
        _channel = GrpcChannel.ForAddress(address);
        Address = address;
        Runs = new RunService.RunServiceClient(_channel);
    }

    public string Address { get; }

    public RunService.RunServiceClient Runs { get; }

    /// <summary>Starts a server that listens when this returns.</summary>
    public static async Task<ServerProcess> StartAsync(string dataDirectory, string url = "http://127.0.0.1:0", int? maxFileKibibytes = null)
    {
        string[] arguments =
        [
            "serve", "--urls", url, "--set", $"Runs:DataDirectory={dataDirectory}", "--set", "Runs:HeartbeatInterval=00:00:00.500",
            "--set", "Runs:MaxCommandsPerRun=100000",
        ];
        var process = maxFileKibibytes is { } limit ? MfnProcess.StartLimited(limit, arguments) : MfnProcess.Start(arguments);
        try
        {
            var line = await process.Output.ReadLineAsync().Within();
            return line is not null && line.StartsWith(Greeting, StringComparison.Ordinal)
                ? new ServerProcess(process, line[Greeting.Length..])
                : throw new InvalidOperationException($"The server did not start: {await process.Error.Within()}");
        }
        catch
        {
            process.Dispose();
            throw;
        }
    }

    public Task KillAsync() => _process.KillAsync();

    public void Dispose()
    {
        _channel.Dispose();
        _process.Dispose();
    }
}
