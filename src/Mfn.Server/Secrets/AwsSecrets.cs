using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Amazon;
using Amazon.Runtime;
using Amazon.Runtime.CredentialManagement;
using Amazon.Runtime.Credentials;
using Amazon.Runtime.Signing;

namespace Mfn.Server.Secrets;

/// <summary>
/// Secrets in AWS Secrets Manager, by GetSecretValue of its JSON protocol. Who asks is found out, and requests are signed (SigV4), by AWS's own library. Thread-safe.
/// </summary>
/// <param name="access">How it is reached.</param>
/// <param name="environment">Environment variables.</param>
internal sealed class AwsSecrets(AwsAccess access, System.Collections.IDictionary environment) : ISecretProvider, IDisposable
{
    private const string Service = "secretsmanager";

    // Their number is that of regions.
    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, Lazy<Task<HttpClient>>> _clients = new(StringComparer.Ordinal);

    public string Scheme => SecretReference.Aws;

    public bool IsRemote => true;

    public async ValueTask<string> ReadAsync(string path, CancellationToken cancellationToken)
    {
        // arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME
        var region = (path.Split(':') is ["arn", _, _, { Length: > 0 } ofName, ..] ? ofName : access.Region)
            ?? (string?)environment["AWS_REGION"] ?? (string?)environment["AWS_DEFAULT_REGION"]
            ?? throw new SecretUnavailableException($"must be a secret of a region: set Aws:Region, or AWS_REGION, for aws:{path}.");
        var endpoint = RegionEndpoint.GetBySystemName(region);
        var address = access.Endpoint ?? new Uri($"https://{Service}.{region}.{endpoint.PartitionDnsSuffix}/");
        var body = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string> { ["SecretId"] = path, ["VersionStage"] = "AWSCURRENT" });
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-amz-json-1.1");
        request.Headers.Add("X-Amz-Target", "secretsmanager.GetSecretValue");
        try
        {
            var http = await GetClientAsync(endpoint, address, cancellationToken);
            using var response = await http.SendAsync(request, cancellationToken);
            var answer = await response.Content.ReadAsByteArrayAsync(cancellationToken);
            return response.StatusCode == HttpStatusCode.OK ? ReadValue(path, answer) : throw Refused(path, address, response, answer);
        }
        catch (HttpRequestException error)
        {
            throw new SecretUnavailableException($"must be a secret that can be read, but AWS at {address.Authority} cannot be reached: {error.GetBaseException().Message.TrimEnd('.')}.")
            {
                IsPassing = error.HttpRequestError is not (HttpRequestError.ConfigurationLimitExceeded or HttpRequestError.SecureConnectionError),
            };
        }
        catch (AmazonClientException)
        {
            // Its message may have what it found.
            var profile = access.Profile is null ? "a profile" : $"the profile '{access.Profile}'";
            throw new SecretUnavailableException($"must be a secret that can be read, but there are no credentials for AWS: neither in variables, nor in {profile}, nor of the container or the machine.")
            {
                IsPassing = true,
            };
        }
    }

    public void Dispose()
    {
        foreach (var client in _clients.Values.Where(client => client.IsValueCreated && client.Value.IsCompletedSuccessfully))
        {
            client.Value.Result.Dispose();
        }
    }

    private async Task<HttpClient> GetClientAsync(RegionEndpoint region, Uri address, CancellationToken cancellationToken)
    {
        var client = _clients.GetOrAdd(region.SystemName, _ => new Lazy<Task<HttpClient>>(() => CreateClientAsync(region, address)));
        try
        {
            return await client.Value.WaitAsync(cancellationToken);
        }
        catch (AmazonClientException)
        {
            // They may be there the next time.
            _clients.TryRemove(KeyValuePair.Create(region.SystemName, client));
            throw;
        }
    }

    private async Task<HttpClient> CreateClientAsync(RegionEndpoint region, Uri address) => new(new SigV4SigningHandler(await FindCredentialsAsync(), region, Service, SecretHttp.CreateHandler(address)))
    {
        MaxResponseContentBufferSize = SecretHttp.MostBytes,
    };

    // It renews them by itself where they end.
    private async Task<AWSCredentials> FindCredentialsAsync() => access.Profile is not { } profile ? await new DefaultAWSCredentialsIdentityResolver().ResolveIdentityAsync(clientConfig: null, CancellationToken.None)
        : new CredentialProfileStoreChain(access.ProfilesFile).TryGetAWSCredentials(profile, out var credentials) ? credentials
        : throw new AmazonClientException("There is no such profile.");

    private static string ReadValue(string path, byte[] answer)
    {
        try
        {
            using var json = JsonDocument.Parse(answer);
            return json.RootElement.TryGetProperty("SecretString", out var text) && text.ValueKind == JsonValueKind.String ? text.GetString()!
                : json.RootElement.TryGetProperty("SecretBinary", out var binary) && binary.TryGetBytesFromBase64(out var bytes) ? new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes)
                : throw new SecretUnavailableException($"must be a secret with a value, but aws:{path} has none.");
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or DecoderFallbackException)
        {
            throw new SecretUnavailableException($"must be a secret of text, but aws:{path} is none.");
        }
    }

    private static SecretUnavailableException Refused(string path, Uri address, HttpResponseMessage response, byte[] answer)
    {
        var (code, status) = (CodeOf(answer), (int)response.StatusCode);
        var isPassing = status is 429 or >= 500 || code is "ThrottlingException" or "Throttling" or "TooManyRequestsException" or "InternalServiceError" or "ExpiredTokenException";
        var why = code switch
        {
            "ResourceNotFoundException" => $"there is no aws:{path} with a current version",
            "AccessDeniedException" => $"the server may not read aws:{path} (secretsmanager:GetSecretValue)",
            "DecryptionFailure" or "DecryptionFailureException" => $"aws:{path} cannot be decrypted by the key of KMS that it has",
            "ThrottlingException" or "Throttling" or "TooManyRequestsException" => "AWS has too many requests",
            "UnrecognizedClientException" or "InvalidClientTokenId" or "InvalidClientTokenIdException" => "AWS does not know the access key",
            "InvalidSignatureException" or "SignatureDoesNotMatch" => "AWS does not accept the signature: the secret access key, the region or the clock is wrong",
            "RequestTimeTooSkewed" or "RequestExpired" => "the clock is wrong",
            "ExpiredTokenException" => "the session token has expired",
            "InvalidRequestException" => $"aws:{path} is being deleted, or cannot be read as it is",
            _ => $"AWS at {address.Authority} answers {status}{(code.Length > 0 ? $" ({code})" : "")}",
        };
        return new SecretUnavailableException($"must be a secret that can be read, but {why}.") { IsPassing = isPassing, RetryAfter = response.Headers.RetryAfter?.Delta };
    }

    // aws.protocols#Name, or a name alone; what it may say beside is not shown.
    private static string CodeOf(byte[] answer)
    {
        try
        {
            using var json = JsonDocument.Parse(answer);
            var code = json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("__type", out var type) && type.ValueKind == JsonValueKind.String ? type.GetString()! : "";
            code = code[(code.LastIndexOf('#') + 1)..].Split(':')[0];
            return code.All(char.IsAsciiLetterOrDigit) && code.Length <= 64 ? code : "";
        }
        catch (JsonException)
        {
            return "";
        }
    }
}
