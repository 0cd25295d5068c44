using System.Text;
using System.Text.RegularExpressions;
using Mfn.Contracts.V1;
using Mfn.Server.Identity;
using Mfn.Server.Tests.GrpcStack;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Mfn.Server.Tests.Identity;

/// <summary>
/// Every RPC has a permission, and docs/security.md says which, and who has it. With UPDATE_PERMISSIONS=1 in the environment its tables are written anew
/// instead.
/// </summary>
public sealed partial class PermissionTableTests
{
    private const string Update = "UPDATE_PERMISSIONS";

    private static readonly Lock Writing = new();

    [Fact]
    public async Task Table_HasEachRpcThatIsServed_AndNoOther()
    {
        await using var app = MfnServer.Build("--urls=http://127.0.0.1:0");
        var served = ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints)
            .Select(endpoint => endpoint.Metadata.GetMetadata<Grpc.AspNetCore.Server.GrpcMethodMetadata>()?.Method.FullName).OfType<string>();
        var promised = new[] { RunServiceReflection.Descriptor, SimulationServiceReflection.Descriptor, FeatureServiceReflection.Descriptor, FractalServiceReflection.Descriptor, MembraneServiceReflection.Descriptor, ValidationServiceReflection.Descriptor, AggregationServiceReflection.Descriptor }
            .SelectMany(file => file.Services).SelectMany(service => service.Methods).Select(method => $"/{method.Service.FullName}/{method.Name}");

        Assert.Equal(served.Distinct().Order(StringComparer.Ordinal), PermissionTable.ByMethod.Keys.Order(StringComparer.Ordinal));
        Assert.Subset(PermissionTable.ByMethod.Keys.ToHashSet(), promised.ToHashSet());
    }

    [Fact]
    public async Task Server_WithAnRpcThatHasNone_DoesNotStart()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddGrpc();
        await using var app = builder.Build();
        app.MapGrpcService<EchoHandlers>();

        var error = Assert.Throws<InvalidOperationException>(() => PermissionTable.RequireAll(app));

        Assert.Contains("/mfn.test.v1.EchoService/Say", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("permissions")]
    [InlineData("rpcs")]
    public void Table_InTheDocs_IsThatOfTheCode(string name)
    {
        var path = Path.Combine(RootFolder(), "docs", "security.md");
        var made = name == "permissions" ? OfPermissions() : OfRpcs();
        lock (Writing)
        {
            var page = File.ReadAllText(path);
            var table = Table().Matches(page).Single(match => match.Groups["name"].Value == name).Groups["table"];
            if (Environment.GetEnvironmentVariable(Update) is not null)
            {
                File.WriteAllText(path, page[..table.Index] + made + page[(table.Index + table.Length)..]);
                return;
            }

            Assert.True(made == table.Value, $"{path} does not have what the code has. If that is right, run the tests with {Update}=1. The code has:\n{made}");
        }
    }

    private static string OfPermissions()
    {
        var text = new StringBuilder($"| permission | lets one | nobody | {string.Join(" | ", RoleNames.All)} |\n|---|---|---|{string.Concat(RoleNames.All.Select(_ => "---|"))}\n");
        foreach (var permission in PermissionTable.ByMethod.Values.Distinct().OrderBy(permission => permission.Name, StringComparer.Ordinal))
        {
            var roles = RoleNames.All.Select(name => RoleNames.TryParse(name, out var role) && permission.IsGivenTo(role));
            text.Append($"| `{permission.Name}` | {permission.Meaning} | {string.Join(" | ", roles.Prepend(permission.IsOpen).Select(may => may ? "yes" : ""))} |\n");
        }

        return text.ToString();
    }

    private static string OfRpcs()
    {
        var text = new StringBuilder("| RPC | permission |\n|---|---|\n");
        foreach (var (method, permission) in PermissionTable.ByMethod.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            text.Append($"| `{method[1..]}` | `{permission.Name}` |\n");
        }

        return text.ToString();
    }

    [GeneratedRegex("<!-- table (?<name>[a-z]+) -->\n(?<table>.*?)<!-- end of table -->", RegexOptions.Singleline)]
    private static partial Regex Table();

    private static string RootFolder()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Mfn.sln")))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException("The tests do not lie in the repository.");
        }

        return folder.FullName;
    }
}
